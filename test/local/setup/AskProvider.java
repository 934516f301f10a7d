import java.util.Set;
import java.util.TreeMap;
import polystore.AwsConfigProvider;

/** Asks the config provider for each pair of arguments, a path and a key, and prints what it says. */
public final class AskProvider {
  public static void main(String[] asked) {
    try (AwsConfigProvider provider = new AwsConfigProvider()) {
      for (int at = 0; at < asked.length; at += 2) {
        try {
          System.out.println(new TreeMap<>(provider.get(asked[at], Set.of(asked[at + 1])).data()).firstEntry().getValue());
        } catch (RuntimeException error) {
          System.out.println("refused: " + error.getMessage());
        }
      }
    }
  }
}
