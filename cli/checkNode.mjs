// Says which Node is needed before anything else fails with ERR_UNKNOWN_FILE_EXTENSION. Plain JavaScript: older Nodes must be able to read it.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `gatehouse needs Node 22.18 or newer (24 is what it is tested on); this is ${process.version}.\n` +
      "Inside the project `npm start` and `npm test` bring their own; for `pulumi up`, put a newer `node` first on PATH.\n",
  );
  process.exit(2);
}
