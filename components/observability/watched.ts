import type * as pulumi from "@pulumi/pulumi";

/** What is looked at, by the names that CloudWatch's dimensions have. */
export interface Watched {
  readonly region: string;
  readonly doors: Readonly<
    Record<
      "code" | "browser",
      { readonly api: pulumi.Input<string>; readonly accessLog: pulumi.Input<string>; readonly stage: string }
    >
  >;
  readonly cluster: pulumi.Input<string>;
  readonly service: pulumi.Input<string>;
  readonly database: pulumi.Input<string>;
  /** `app/<name>/<id>` and `targetgroup/<name>/<id>`. */
  readonly loadBalancer: pulumi.Input<string>;
  readonly targetGroup: pulumi.Input<string>;
  /** MLflow's log. */
  readonly log: pulumi.Input<string>;
}

/** Namespace of what is counted in logs. */
export const NAMESPACE = "Gatehouse";
