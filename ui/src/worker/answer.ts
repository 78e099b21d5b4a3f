/** Types that a page can't run, so that they may be looked at in a tab of their own. */
const INERT = /^(?:image\/(?!svg)|audio\/|video\/|text\/plain|application\/json|application\/pdf)/;

/**
 * The gateway's answer as one of this origin.
 *
 * An artifact is somebody else's file: opened as a page here, it could read the session of whoever looks at it. So it may run nothing, and what could run
 * is saved, not shown.
 *
 * @param isNavigation it would become a page or a frame
 */
export function answerOf(response: Response, isNavigation: boolean): Response {
  const headers = new Headers(response.headers);
  headers.set("content-security-policy", "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'");
  headers.set("x-content-type-options", "nosniff");
  // The browser has undone both.
  headers.delete("content-encoding");
  headers.delete("content-length");
  if (
    isNavigation &&
    response.ok &&
    !headers.has("content-disposition") &&
    !INERT.test(headers.get("content-type") ?? "")
  )
    headers.set("content-disposition", "attachment");
  const { status, statusText } = response;
  return new Response([204, 205, 304].includes(status) ? null : response.body, { status, statusText, headers });
}

export const nobody = (): Response => problem(401, "UNAUTHENTICATED", "log in again: the session has ended");

export const strange = (): Response =>
  problem(403, "PERMISSION_DENIED", "this came from a form, which MLflow's UI has none of: nothing was done");

export const unreachable = (): Response =>
  problem(503, "TEMPORARILY_UNAVAILABLE", "the gateway can't be reached: is the network there? Try again");

/** In MLflow's own shape, which its UI shows as it is. */
function problem(status: number, code: string, message: string): Response {
  return Response.json({ error_code: code, message }, { status });
}
