/**
 * Where `?open=` leads: a path of this site, where the worker found nobody logged in.
 *
 * @returns its address; undefined for everything that a browser would read as another site's, now or relative to this one, however it is spelled
 */
export function destination(open: string | null): string | undefined {
  if (!open?.startsWith("/")) return undefined;
  const url = new URL(open, location.origin);
  return url.origin === location.origin && !url.pathname.startsWith("//") ? url.href : undefined;
}
