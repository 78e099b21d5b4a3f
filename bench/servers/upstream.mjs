// In the registry's place: a small answer, and a file of 200 MB. Prints its port.
import { createServer } from "node:http";
import { Readable } from "node:stream";

const CHUNK = Buffer.alloc(1 << 20, 7);
const small = JSON.stringify({ runs: [], next_page_token: "" });

function* file() {
  for (let sent = 0; sent < 200; sent++) yield CHUNK;
}

const server = createServer((request, response) => {
  if (request.url?.includes("large")) {
    response.writeHead(200, { "content-length": 200 * CHUNK.length });
    Readable.from(file(), { objectMode: false, highWaterMark: CHUNK.length }).pipe(response);
    return;
  }
  request.resume();
  request.on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(small));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
