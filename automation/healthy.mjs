// What the container's health check runs: whether the service answers. Plain JavaScript, started anew each half minute.
const { ok } = await fetch(`http://127.0.0.1:${process.argv[2] ?? 8090}/healthz`, {
  signal: AbortSignal.timeout(4000),
});
process.exit(ok ? 0 : 1);
