/** First segments of the routes that the gateway serves: put in by the build, from the catalogue. */
declare const __API_ROOTS__: readonly string[];

/** Whether a path is MLflow's API, not a file of the site. */
export function isApi(path: string): boolean {
  return __API_ROOTS__.includes(path.split("/")[1] ?? "");
}
