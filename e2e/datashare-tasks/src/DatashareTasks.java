import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Executors;
import org.icij.datashare.asynctasks.Group;
import org.icij.datashare.asynctasks.Task;
import org.icij.datashare.asynctasks.TaskManagerTemporal;
import org.icij.datashare.asynctasks.UnknownTask;
import org.icij.datashare.asynctasks.temporal.TemporalInterlocutor;
import org.icij.datashare.json.JsonObjectMapper;
import org.icij.datashare.tasks.RoutingStrategy;

/** Datashare's own manager of tasks, behind those routes of its API that start, show, stop and clean a task. Nobody has to sign in. */
public final class DatashareTasks {
    private static final String TASKS = "/api/task/";

    private final TaskManagerTemporal manager;
    private final String namespace;

    private DatashareTasks(String address, String namespace) throws InterruptedException {
        this.namespace = namespace;
        manager = new TaskManagerTemporal(new TemporalInterlocutor(address, namespace), RoutingStrategy.GROUP);
    }

    public static void main(String[] args) throws Exception {
        DatashareTasks tasks = new DatashareTasks(args[0], args[1]);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", tasks::handle);
        server.start();
        System.out.println("LISTENS http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void handle(HttpExchange exchange) throws IOException {
        try {
            answer(exchange);
        } catch (UnknownTask unknown) {
            send(exchange, 404, Map.of());
        } catch (Exception failure) {
            failure.printStackTrace();
            send(exchange, 500, Map.of("error", String.valueOf(failure)));
        }
    }

    private void answer(HttpExchange exchange) throws Exception {
        String path = exchange.getRequestURI().getPath();
        String route = exchange.getRequestMethod() + " " + path;
        if (route.equals("GET /settings")) {
            send(exchange, 200, Map.of("mode", "LOCAL", "batchQueueType", "TEMPORAL", "taskRoutingStrategy", "GROUP", "temporalNamespace", namespace));
        } else if (route.startsWith("PUT " + TASKS + "stop/")) {
            send(exchange, 200, Map.of("result", manager.stopTask(path.substring((TASKS + "stop/").length()))));
        } else if (route.startsWith("DELETE " + TASKS + "clean/")) {
            manager.clearTask(path.substring((TASKS + "clean/").length()));
            send(exchange, 200, Map.of());
        } else if (route.startsWith("PUT " + TASKS)) {
            Task<?> task = JsonObjectMapper.readValue(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8), Task.class);
            send(exchange, 201, Map.of("taskId", manager.startTask(task, new Group(groupOf(exchange)))));
        } else if (route.startsWith("GET " + TASKS)) {
            send(exchange, 200, manager.getTask(path.substring(TASKS.length())));
        } else {
            send(exchange, 404, Map.of());
        }
    }

    /** Without one Datashare fails too. */
    private static String groupOf(HttpExchange exchange) {
        return exchange.getRequestURI().getQuery().replaceFirst("^group=", "");
    }

    private static void send(HttpExchange exchange, int status, Object body) throws IOException {
        byte[] bytes = JsonObjectMapper.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
