// A limit: the same server and client libraries as the gateway's, and no question asked. Prints its port.
import { createServer } from "node:http";
import { pipeline } from "node:stream/promises";
import { type Dispatcher, Pool } from "undici";

const upstream = new Pool(process.argv[2] ?? "", { connections: 128 });

const server = createServer(async (request, response) => {
  try {
    const answer = await upstream.request({
      method: request.method as Dispatcher.HttpMethod,
      path: request.url ?? "/",
      headers: request.rawHeaders.filter(
        (_, i) => !/^(connection|transfer-encoding)$/i.test(request.rawHeaders[i - (i % 2)] ?? ""),
      ),
      body: request.method === "GET" ? null : request,
    });
    response.writeHead(answer.statusCode, answer.headers);
    await pipeline(answer.body, response);
  } catch {
    response.destroy();
  }
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address ? address.port : "");
});
