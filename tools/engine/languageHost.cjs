#!/usr/bin/env node
// Runs Node programs for the Pulumi engine. Pulumi's own host is a Go program that no module proxy has; this one answers what previews and updates ask,
// with nothing but the program's own @pulumi/pulumi: its protocol, and the runner that Pulumi's host starts, too.
// CommonJS and without extension where it is installed: it has to run beside no package.json.
"use strict";
const { spawn } = require("node:child_process");
const { createRequire } = require("node:module");
const path = require("node:path");

// The engine starts it in the program's folder.
const sdk = createRequire(createRequire(path.join(process.cwd(), "_.js")).resolve("@pulumi/pulumi/package.json"));
const grpc = sdk("@grpc/grpc-js");
const language = sdk("./proto/language_pb.js");
const plugin = sdk("./proto/plugin_pb.js");
const { Empty } = sdk("google-protobuf/google/protobuf/empty_pb.js");
const { LanguageRuntimeService } = sdk("./proto/language_grpc_pb.js");

/** Exit code with which the runner says that it has reported the error itself. Source: @pulumi/pulumi cmd/run/index.js. */
const REPORTED = 32;

let engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";
const programs = new Set();

/** Starts the program as Pulumi's own host does, with the options of Pulumi.yaml. */
function run({ request }, answer) {
  const info = request.getInfo();
  const folder = info.getProgramDirectory();
  const options = info.getOptions()?.toJavaScript() ?? {};
  const flags = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info.getRootDirectory(),
    stack: request.getStack(),
    pwd: request.getPwd() || folder,
    parallel: String(request.getParallel()),
  };
  const program = spawn(
    process.execPath,
    [
      ...String(options.nodeargs ?? "")
        .split(/\s+/)
        .filter(Boolean),
      sdk.resolve("./cmd/run"),
      ...Object.entries(flags).flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      info.getEntryPoint() || ".",
      ...request.getArgsList(),
    ],
    {
      cwd: flags.pwd,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
      },
    },
  );
  programs.add(program);
  const done = (error, bail = false) => {
    if (!programs.delete(program)) return;
    const response = new language.RunResponse();
    response.setError(error);
    response.setBail(bail);
    answer(null, response);
  };
  program.on("error", (error) => done(`the program could not be started: ${error.message}`));
  program.on("close", (code, signal) => {
    if (code === 0) done("");
    else if (code === REPORTED) done("", true);
    else done(`the program ended with ${signal ?? `exit code ${code}`}`);
  });
}

/** Starts a policy pack as Pulumi's own host does, and passes on what it writes: its first line is the port where it answers. */
function runPlugin(call) {
  const { request } = call;
  const fail = (message) => call.emit("error", { code: grpc.status.UNIMPLEMENTED, message });
  if (request.getKind() !== "analyzer") return fail(`this language host runs no plugin of kind ${request.getKind()}`);
  const folder = request.getInfo().getProgramDirectory();
  const own = createRequire(path.join(folder, "_.js"));
  const variables = request
    .getEnvList()
    .map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]);
  const pack = spawn(
    process.execPath,
    [
      own.resolve("@pulumi/pulumi/cmd/run-policy-pack"),
      ...request.getArgsList(),
      request.getInfo().getEntryPoint() || ".",
    ],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env: Object.fromEntries(variables) },
  );
  programs.add(pack);
  const write = (response) => call.cancelled || call.write(response);
  pack.stdout.on("data", (chunk) => write(new language.RunPluginResponse().setStdout(chunk)));
  pack.stderr.on("data", (chunk) => write(new language.RunPluginResponse().setStderr(chunk)));
  pack.on("error", (error) => fail(`the policy pack could not be started: ${error.message}`));
  pack.on("close", (code) => {
    programs.delete(pack);
    write(new language.RunPluginResponse().setExitcode(code ?? 1));
    call.end();
  });
  // The engine is done with it.
  call.on("cancelled", () => pack.kill());
}

const answering = (make) => (call, answer) => answer(null, make(call));

const service = {
  handshake: answering(({ request }) => {
    engineAddress = request.getEngineAddress() || engineAddress;
    return new language.LanguageHandshakeResponse();
  }),
  getPluginInfo: answering(() => new plugin.PluginInfo().setVersion(sdk("./package.json").version)),
  // None in advance: the engine asks for each provider when the program first uses it.
  getRequiredPackages: answering(() => new language.GetRequiredPackagesResponse()),
  getRequiredPlugins: answering(() => new language.GetRequiredPluginsResponse()),
  getProgramDependencies: answering(() => new language.GetProgramDependenciesResponse()),
  runtimeOptionsPrompts: answering(() => new language.RuntimeOptionsResponse()),
  about: answering(() => new language.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
  cancel: answering(() => {
    stop("SIGTERM");
    return new Empty();
  }),
  run,
  runPlugin,
};

/** Everything else, such as generating code, is for the real host. */
for (const name of Object.keys(LanguageRuntimeService))
  service[name] ??= (call, answer) => {
    const error = { code: grpc.status.UNIMPLEMENTED, message: `this language host has no ${name}` };
    if (answer) answer(error);
    else call.emit("error", error);
  };

function stop(signal) {
  for (const program of programs) program.kill(signal);
}

// An engine that was killed says nothing: without it, a program would wait for its answers for ever.
const engine = process.ppid;
setInterval(() => {
  if (process.ppid === engine) return;
  stop("SIGKILL");
  process.exit(1);
}, 1000);

const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
server.addService(LanguageRuntimeService, service);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  // How the engine learns where to ask.
  process.stdout.write(`${port}\n`);
});

for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    stop(signal);
    server.forceShutdown();
    process.exit(0);
  });
