import { connect, createServer, type Socket } from "node:net";

/** A longer way to a server on loopback. */
export interface Delayed {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/**
 * Listens in front of a port, and lets everything take half a round trip in each direction, the opening of a connection a whole one. In the order sent, at
 * any speed: what is long here is the way, not the line. TLS, which would cost as much on every way, isn't there.
 */
export async function delayed(target: number, roundTripMs: number): Promise<Delayed> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ port: target, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      // The other end is told by the close.
      socket.on("error", () => undefined);
    }
    const opened = performance.now() + roundTripMs;
    carry(near, far, roundTripMs / 2, opened + roundTripMs / 2);
    carry(far, near, roundTripMs / 2, 0);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  return { port, close };
}

/** @param earliest before this moment nothing arrives */
function carry(from: Socket, to: Socket, delayMs: number, earliest: number): void {
  const waiting: { readonly due: number; readonly act: () => void }[] = [];
  // One timer for all, since timers of different lengths overtake one another, by parts of a millisecond.
  const next = () => {
    const [first] = waiting;
    if (!first) return;
    const left = first.due - performance.now();
    if (left > 0) return void setTimeout(next, Math.ceil(left));
    waiting.shift();
    first.act();
    next();
  };
  const later = (act: () => void) => {
    const due = Math.max(performance.now() + delayMs, earliest);
    if (waiting.push({ due, act }) === 1) next();
  };
  from.on("data", (chunk) => later(() => to.writable && to.write(chunk)));
  from.once("end", () => later(() => to.end()));
  from.once("close", () => later(() => to.destroy()));
}
