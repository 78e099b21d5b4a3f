import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";

/** A listening server of the local run. */
export interface Listening {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** A port is taken; the message says by what option to choose another. */
export class PortError extends Error {
  override readonly name = "PortError";
}

const ADVICE = "End what holds it, or choose others with --port (five in a row are taken; 0 takes free ones)";

/** Says at once, before anything has started, which of several ports in a row are taken. @throws PortError */
export async function refuseBusyPorts(first: number, count: number): Promise<void> {
  const busy: number[] = [];
  for (let port = first; port < first + count; port++) {
    const free = await listen(port, () => undefined).catch(() => undefined);
    if (free) await free.close();
    else busy.push(port);
  }
  if (busy.length) throw new PortError(`in use on 127.0.0.1: ${busy.join(", ")}. ${ADVICE}`);
}

/** A loopback port that nobody holds now, for a process that has to be told one. */
export async function freePort(): Promise<number> {
  const { url, close } = await listen(0, () => undefined);
  await close();
  return Number(new URL(url).port);
}

/** Listens on loopback alone. @param port 0 takes a free one */
export async function listen(port: number, handle: RequestListener, options: ServerOptions = {}): Promise<Listening> {
  const server = createServer(options, handle);
  await bound(server, () => server.listen(port, "127.0.0.1"), `port ${port} on 127.0.0.1`);
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;
  return { url: `http://127.0.0.1:${actual}`, close: () => closed(server) };
}

/** Listens on a Unix socket, which the file system keeps from others. */
export async function listenOnSocket(path: string, handle: RequestListener): Promise<Listening> {
  const server = createServer(handle);
  await bound(server, () => server.listen(path), path);
  return { url: path, close: () => closed(server) };
}

function bound(server: Server, listen: () => void, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new PortError(`${where} is in use. ${ADVICE}`) : error),
    );
    server.once("listening", resolve);
    listen();
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
