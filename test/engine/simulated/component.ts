import grpc from "@grpc/grpc-js";
import type * as Messages from "@pulumi/pulumi/proto/provider_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import monitor from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resource from "@pulumi/pulumi/proto/resource_pb.js";
import type { SimulatedCloud } from "./cloud.ts";
import { fromWire, toWire, UNKNOWN } from "./wire.ts";

/**
 * A component that lives in its provider, such as `awsx:ecr:Image`: the provider registers it with the engine that asks for it. The children which the
 * real one has are left out, and no image is built.
 */
export async function constructComponent(
  request: Messages.ConstructRequest,
  cloud: SimulatedCloud,
): Promise<Messages.ConstructResponse> {
  const inputs = fromWire(request.getInputs());
  const engine = new monitor.ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure());
  try {
    const registration = new resource.RegisterResourceRequest()
      .setType(request.getType())
      .setName(request.getName())
      .setParent(request.getParent())
      .setCustom(false)
      .setAcceptsecrets(true)
      .setObject(request.getInputs());
    const urn = await new Promise<string>((resolve, reject) =>
      engine.registerResource(registration, (error, response) => (error ? reject(error) : resolve(response.getUrn()))),
    );
    const outputs = request.getDryrun()
      ? { imageUri: UNKNOWN }
      : { imageUri: cloud.create(urn, regionOf(String(inputs.repositoryUrl)), inputs).state.imageUri };
    const done = new resource.RegisterResourceOutputsRequest().setUrn(urn).setOutputs(toWire(outputs));
    await new Promise<void>((resolve, reject) =>
      engine.registerResourceOutputs(done, (error) => (error ? reject(error) : resolve())),
    );
    return new messages.ConstructResponse().setUrn(urn).setState(toWire(outputs));
  } finally {
    engine.close();
  }
}

/** The only place where an image's region stands: `<account>.dkr.ecr.<region>.amazonaws.com/<name>`. */
function regionOf(repositoryUrl: string): string {
  return repositoryUrl.split(".")[3] ?? "";
}
