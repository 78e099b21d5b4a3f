/**
 * Tells Pulumi to write no attributes beside the files of a state that is kept in a folder: they are written in place, so that a `pulumi` that is killed
 * meanwhile leaves an empty one, and every later command fails with "failed to load checkpoint: EOF". The state itself is renamed into its place.
 *
 * Source: gocloud.dev/blob/fileblob, `metadata=skip`.
 */
export function crashSafe(env: Record<string, string>): Record<string, string> {
  const url = env.PULUMI_BACKEND_URL ?? process.env.PULUMI_BACKEND_URL;
  if (!url?.startsWith("file://") || /[?&]metadata=/.test(url)) return env;
  return { ...env, PULUMI_BACKEND_URL: `${url}${url.includes("?") ? "&" : "?"}metadata=skip` };
}
