import java.nio.file.Path;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/**
 * Starts one OpenSearch node whose modules are on the class path, since the registry has jars of them
 * and no distribution. There is no security plugin among them: it must listen on 127.0.0.1 only, and
 * refuses another address. Takes the path of its home, which holds config/opensearch.yml, and --once
 * to end as soon as it has started.
 */
public final class LoopbackOpensearch extends Node {
  /** The modules by their classes, which end in Plugin in OpenSearch 2 and in ModulePlugin in 3. */
  private static final List<String> MODULES = List.of(
      "org.opensearch.transport.Netty4",
      "org.opensearch.analysis.common.CommonAnalysis",
      "org.opensearch.index.mapper.MapperExtras",
      "org.opensearch.index.reindex.Reindex",
      "org.opensearch.ingest.common.IngestCommon",
      "org.opensearch.join.ParentJoin",
      "org.opensearch.painless.Painless",
      "org.opensearch.percolator.Percolator",
      "org.opensearch.script.expression.Expression",
      "org.opensearch.script.mustache.Mustache",
      "org.opensearch.search.aggregations.matrix.MatrixAggregation");

  /** A collection of classes in OpenSearch 2 and of PluginInfo in 3; one file is compiled against either. */
  @SuppressWarnings({"rawtypes", "unchecked"})
  private LoopbackOpensearch(Environment environment, Collection plugins) {
    super(environment, plugins, false);
  }

  public static void main(String[] arguments) throws Exception {
    refuseTrimmedRuntime();
    Path home = Path.of(arguments[0]);
    Settings settings = Settings.builder().put("path.home", home).build();
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "polystore");
    String host = environment.settings().get("network.host");
    if (!"127.0.0.1".equals(host)) throw new IllegalArgumentException("network.host is " + host + ", not 127.0.0.1");

    List<Object> plugins = new ArrayList<>();
    for (String module : MODULES) plugins.add(pluginOf(module));
    LoopbackOpensearch node = new LoopbackOpensearch(environment, plugins);
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception failure) {
        failure.printStackTrace();
      }
      closed.countDown();
    }));
    node.start();
    if (arguments.length > 1 && "--once".equals(arguments[1])) System.exit(0);
    // The node's own threads are daemons.
    closed.await();
  }

  private static Object pluginOf(String module) throws ClassNotFoundException {
    if (Version.CURRENT.major < 3) return Class.forName(module + "Plugin");
    String className = module + "ModulePlugin";
    String version = Version.CURRENT.toString();
    String javaVersion = System.getProperty("java.specification.version");
    return new PluginInfo(className, className, version, Version.CURRENT, javaVersion, className, List.of(), false);
  }

  /** Without the Thai words every index would fail later, with "Failed to build analyzers". */
  private static void refuseTrimmedRuntime() {
    BreakIterator words = BreakIterator.getWordInstance(new Locale("th"));
    words.setText("\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22");
    if (words.isBoundary(4)) return;
    System.err.println("This Java (" + System.getProperty("java.home") + ", " + System.getProperty("java.runtime.version")
        + ") is a trimmed runtime: it lacks locales that OpenSearch's analyzers ask for. Use a whole JDK.");
    System.exit(1);
  }
}
