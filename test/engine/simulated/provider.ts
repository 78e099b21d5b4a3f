import grpc, { type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import rpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as Messages from "@pulumi/pulumi/proto/provider_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { same } from "../../../plan/sameValue.ts";
import { partsOf, type SimulatedCloud } from "./cloud.ts";
import { constructComponent } from "./component.ts";
import { identityOf, refuseProtected } from "./rules.ts";
import { fromWire, type Properties, toWire, UNKNOWN } from "./wire.ts";

/** A provider that the engine is told to use by its port, instead of a plugin. */
export interface RunningProvider {
  readonly port: number;
  readonly close: () => void;
}

/**
 * Serves one package (`aws`, `awsx`, `random`) as its provider plugin would: no network, no limits of AWS, no permissions. What it shows is how the engine
 * and the program get on with each other, not what AWS takes.
 */
export async function startProvider(name: string, version: string, cloud: SimulatedCloud): Promise<RunningProvider> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(rpc.ResourceProviderService, service(name, version, cloud));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { port, close: () => server.forceShutdown() };
}

function service(name: string, version: string, cloud: SimulatedCloud): grpc.UntypedServiceImplementation {
  let region = "us-east-1";
  const methods: grpc.UntypedServiceImplementation = {
    handshake: answer(() =>
      new messages.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(true).setAcceptOutputs(false),
    ),
    attach: answer(() => new empty.Empty()),
    cancel: answer(() => new empty.Empty()),
    getPluginInfo: answer(() => new plugin.PluginInfo().setVersion(version)),
    getSchema: answer(() => new messages.GetSchemaResponse().setSchema(JSON.stringify({ name, version }))),
    checkConfig: answer((request: Messages.CheckRequest) => new messages.CheckResponse().setInputs(request.getNews())),
    diffConfig: answer((request: Messages.DiffRequest) => difference(request, [])),
    configure: answer((request: Messages.ConfigureRequest) => {
      const config = fromWire(request.getArgs());
      if (typeof config.region === "string") region = config.region;
      refuseOtherAccounts(config.allowedAccountIds, cloud.account);
      return new messages.ConfigureResponse().setAcceptsecrets(true).setAcceptresources(true).setSupportspreview(true);
    }),
    check: answer((request: Messages.CheckRequest) => checked(fromWire(request.getNews()))),
    diff: answer((request: Messages.DiffRequest) => difference(request, identityOf(partsOf(request.getUrn()).type))),
    create: answer(async (request: Messages.CreateRequest) => {
      const inputs = fromWire(request.getProperties());
      if (request.getPreview())
        return new messages.CreateResponse().setProperties(toWire(foreseen(cloud, request.getUrn(), region, inputs)));
      const { id, state } = cloud.create(request.getUrn(), region, inputs);
      await cloud.until;
      if (cloud.pause > 0) await new Promise((resolve) => setTimeout(resolve, cloud.pause));
      return new messages.CreateResponse().setId(id).setProperties(toWire(state));
    }),
    update: answer((request: Messages.UpdateRequest) => {
      if (!request.getPreview()) cloud.updated.push(request.getUrn());
      const state = { ...fromWire(request.getOlds()), ...fromWire(request.getNews()) };
      return new messages.UpdateResponse().setProperties(toWire(state));
    }),
    delete: answer((request: Messages.DeleteRequest) => {
      refuseProtected(request.getUrn(), fromWire(request.getProperties()));
      cloud.deleted.push(request.getUrn());
      return new empty.Empty();
    }),
    read: answer((request: Messages.ReadRequest) => {
      const outside = cloud.changedOutside.get(request.getUrn()) ?? {};
      const now = (kept: Messages.ReadRequest["getInputs"]) => toWire({ ...fromWire(kept.call(request)), ...outside });
      return new messages.ReadResponse()
        .setId(request.getId())
        .setProperties(now(request.getProperties))
        .setInputs(now(request.getInputs));
    }),
    invoke: answer((request: Messages.InvokeRequest) =>
      new messages.InvokeResponse().setReturn(
        toWire(cloud.invoke(request.getTok(), region, fromWire(request.getArgs()))),
      ),
    ),
    construct: answer((request: Messages.ConstructRequest) => constructComponent(request, cloud)),
  };
  for (const method of Object.keys(rpc.ResourceProviderService))
    methods[method] ??= (_: unknown, callback: sendUnaryData<unknown>) =>
      callback({ code: grpc.status.UNIMPLEMENTED, message: `the simulated ${name} provider has no ${method}` });
  return methods;
}

/** One method of the protocol; what it throws is the engine's to show. */
function answer<Request, Response>(make: (request: Request) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    void (async () => make(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) =>
        callback({ code: grpc.status.UNKNOWN, message: error instanceof Error ? error.message : String(error) }),
    );
  };
}

/** As the aws provider does with `allowedAccountIds`. Source: terraform-provider-aws, `internal/conns`, "AWS account ID not allowed". */
function refuseOtherAccounts(allowed: unknown, account: string): void {
  const ids: unknown = typeof allowed === "string" ? JSON.parse(allowed) : allowed;
  if (Array.isArray(ids) && !ids.includes(account)) throw new Error(`AWS account ID not allowed: ${account}`);
}

/** Text that AWS reads as JSON has to be JSON. */
function checked(inputs: Properties): Messages.CheckResponse {
  const response = new messages.CheckResponse().setInputs(toWire(inputs));
  for (const property of ["policy", "assumeRolePolicy", "containerDefinitions"]) {
    const value = inputs[property];
    if (typeof value !== "string" || value.includes(UNKNOWN)) continue;
    try {
      JSON.parse(value);
    } catch {
      response.addFailures(new messages.CheckFailure().setProperty(property).setReason("contains an invalid JSON"));
    }
  }
  return response;
}

/** What a preview knows of a resource: its inputs, and that the rest is not known yet. */
function foreseen(cloud: SimulatedCloud, urn: string, region: string, inputs: Properties): Properties {
  const unknown = cloud.properties(urn, region, inputs).map((key) => [key, UNKNOWN] as const);
  return { ...Object.fromEntries(unknown), ...inputs };
}

function difference(request: Messages.DiffRequest, identity: readonly string[]): Messages.DiffResponse {
  const [olds, news] = [fromWire(request.getOldInputs() ?? request.getOlds()), fromWire(request.getNews())];
  const ignored = new Set(request.getIgnorechangesList());
  const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    (key) => !key.startsWith("__") && !ignored.has(key) && !same(olds[key], news[key]),
  );
  const replaces = changed.filter((key) => identity.includes(key));
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  return (
    new messages.DiffResponse()
      .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
      .setDiffsList(changed)
      .setReplacesList(replaces)
      // Two resources of one given name can't be there at once. Source: pulumi-terraform-bridge, `nameRequiresDeleteBeforeReplace`.
      .setDeletebeforereplace(replaces.length > 0 && olds.name !== undefined && same(olds.name, news.name))
  );
}
