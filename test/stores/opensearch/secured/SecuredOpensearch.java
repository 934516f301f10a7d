import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;

/** One OpenSearch node with the security plugin, for a test. Takes the path of its home, which holds config/. */
public final class SecuredOpensearch extends Node {
  private static final List<String> PLUGINS = List.of(
      "org.opensearch.transport.Netty4Plugin",
      "org.opensearch.analysis.common.CommonAnalysisPlugin",
      "org.opensearch.index.mapper.MapperExtrasPlugin",
      "org.opensearch.index.reindex.ReindexPlugin",
      "org.opensearch.painless.PainlessPlugin",
      "org.opensearch.security.OpenSearchSecurityPlugin");

  @SuppressWarnings({"rawtypes", "unchecked"})
  private SecuredOpensearch(Environment environment, Collection plugins) {
    super(environment, plugins, false);
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    Settings settings = Settings.builder().put("path.home", home).build();
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "secured");
    List<Object> plugins = new ArrayList<>();
    for (String plugin : PLUGINS) plugins.add(Class.forName(plugin));
    new SecuredOpensearch(environment, plugins).start();
    Thread.currentThread().join();
  }
}
