package polystore;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.config.ConfigData;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.provider.ConfigProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueRequest;

/**
 * What a connector's configuration must not hold, or cannot know, for Kafka Connect on AWS:
 *
 * <ul>
 *   <li>{@code ${aws:secret:ARN:FIELD}}: a field of a secret in AWS Secrets Manager, a JSON object
 *   <li>{@code ${aws:file:certificates}}: a file with the certificate authorities of RDS
 * </ul>
 *
 * A value is read when a connector or a task starts, so a task that is restarted has the password of then.
 */
public final class AwsConfigProvider implements ConfigProvider {
  private static String certificatesFile;

  @Override
  public void configure(Map<String, ?> ignored) {}

  @Override
  public ConfigData get(String path) {
    throw new ConfigException("The config provider of Polystore was asked for all of '" + path + "'; ask by name.");
  }

  /** Kafka takes what is before the first colon for the path, and an ARN has colons: the field is behind the last. */
  @Override
  public ConfigData get(String path, Set<String> keys) {
    Map<String, String> values = new HashMap<>();
    for (String key : keys) values.put(key, valueOf(path, key));
    return new ConfigData(values);
  }

  @Override
  public void close() {}

  private static String valueOf(String path, String key) {
    if (path.equals("file") && key.equals("certificates")) return certificates();
    int colon = key.lastIndexOf(':');
    if (path.equals("secret") && colon > 0) return field(key.substring(0, colon), key.substring(colon + 1));
    throw new ConfigException(
        "The config provider of Polystore was asked for '" + path + ":" + key
            + "'; it knows secret:<ARN>:<field> and file:certificates.");
  }

  private static String field(String arn, String name) {
    String[] parts = arn.split(":", 7);
    if (parts.length < 7) throw new ConfigException("'" + arn + "' is not the ARN of a secret.");
    String text;
    try (SecretsManagerClient client =
        SecretsManagerClient.builder()
            .region(Region.of(parts[3]))
            .httpClient(UrlConnectionHttpClient.create())
            .build()) {
      text = client.getSecretValue(GetSecretValueRequest.builder().secretId(arn).build()).secretString();
    }
    Optional<JsonNode> value = parse(arn, text).field(name);
    if (!value.isPresent() || !value.get().isString())
      throw new ConfigException("The secret " + arn + " has no text '" + name + "'.");
    return value.get().asString();
  }

  private static JsonNode parse(String arn, String text) {
    JsonNode node = null;
    try {
      if (text != null) node = JsonNode.parser().parse(text);
    } catch (RuntimeException hidden) {
      // Its message would quote the secret.
    }
    if (node == null || !node.isObject()) throw new ConfigException("The secret " + arn + " is no JSON object.");
    return node;
  }

  /** One file for as long as the worker runs. */
  private static synchronized String certificates() {
    if (certificatesFile == null) certificatesFile = writeCertificates();
    return certificatesFile;
  }

  private static String writeCertificates() {
    try (InputStream bundled = AwsConfigProvider.class.getResourceAsStream("/polystore/rds-certificates.pem")) {
      if (bundled == null) throw new ConfigException("The plugin was packed without the certificates of RDS.");
      Path file = Files.createTempFile("rds-certificates", ".pem");
      file.toFile().deleteOnExit();
      Files.copy(bundled, file, StandardCopyOption.REPLACE_EXISTING);
      return file.toString();
    } catch (IOException cause) {
      throw new UncheckedIOException("The certificates of RDS could not be written to a temporary file", cause);
    }
  }
}
