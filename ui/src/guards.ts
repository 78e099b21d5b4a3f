// MLflow's page shows files and links that somebody else wrote. Whatever they hold must not act as the person who looks at them.

/** The browser's own: for files that are saved, not shown. */
export const objectUrl = URL.createObjectURL.bind(URL);

/** Types that run nothing wherever they are opened, or that only code itself makes (workers). */
const INERT =
  /^(?:image\/(?!svg)|audio\/|video\/|font\/|text\/(?:plain|csv|css|javascript)$|application\/(?:json|pdf|wasm|zip|javascript|octet-stream)$)/;

/** In a tab of its own such a file would have this origin, and with it the session. Its frame in MLflow's page is sandboxed: there it has none. */
const HTML_GUARD = `<!doctype html><script>origin==="null"||document.write("This file runs only where MLflow shows it.<plaintext hidden>")</script>`;

/** Milliseconds after which a saved file's address isn't needed any more. */
const SAVED_MS = 60_000;

const originals = new Map<string, Blob>();

/** Before MLflow's script starts. */
export function guardPage(): void {
  guardBlobs();
  guardLinks();
}

function guardBlobs(): void {
  const revoke = URL.revokeObjectURL.bind(URL);
  URL.createObjectURL = (object) => {
    if (!(object instanceof Blob)) return objectUrl(object);
    const guarded = guardedBlob(object);
    const url = objectUrl(guarded);
    if (guarded !== object) originals.set(url, object);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    originals.delete(url);
    revoke(url);
  };
}

/** The blob, such that opened by itself it runs nothing. */
export function guardedBlob(blob: Blob): Blob {
  const type = (blob.type.split(";")[0] ?? "").trim();
  if (INERT.test(type)) return blob;
  if (type === "text/html") return new Blob([HTML_GUARD, blob], { type: blob.type });
  const picture = type === "image/svg+xml" ? inertSvg(blob) : undefined;
  // A browser that knows no better looks into the file for what it is.
  return picture === undefined ? new Blob([blob], { type: "application/octet-stream" }) : new Blob([picture], { type });
}

const SVG = "http://www.w3.org/2000/svg";
const ACTIVE = new Set(["script", "foreignObject", "handler", "listener", "iframe", "embed", "object"]);
const REFERENCE = /^\s*(?:#|data:image\/(?!svg))/i;

/** The picture without what could run or lead away; undefined when it is none. */
function inertSvg(blob: Blob): string | undefined {
  const root = new DOMParser().parseFromString(readNow(blob), "image/svg+xml").documentElement;
  if (root.namespaceURI !== SVG || root.localName !== "svg") return undefined;
  for (const element of [root, ...root.querySelectorAll("*")]) {
    const changes = /^(?:on|.*href$)/i.test(element.getAttribute("attributeName") ?? "");
    if (element.namespaceURI !== SVG || ACTIVE.has(element.localName) || changes) element.remove();
    for (const attribute of [...element.attributes]) {
      const leads = attribute.localName === "href" && !REFERENCE.test(attribute.value);
      if (/^on/i.test(attribute.localName) || leads) element.removeAttributeNode(attribute);
    }
  }
  // The root alone: a style sheet named before it could make a page of it.
  return new XMLSerializer().serializeToString(root);
}

/** An address is wanted at once, so there is no time to wait; the bytes are in memory. */
function readNow(blob: Blob): string {
  const url = objectUrl(blob);
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.overrideMimeType("text/plain; charset=utf-8");
  request.send();
  URL.revokeObjectURL(url);
  return request.responseText;
}

/** A link that is a script is not followed, and a file that is saved is the file itself. */
function guardLinks(): void {
  const check = (event: Event) => {
    const link = event
      .composedPath()
      .find((each): each is HTMLAnchorElement | SVGAElement => each instanceof Element && each.localName === "a");
    if (!link) return;
    const href = link instanceof HTMLAnchorElement ? link.href : link.href.baseVal;
    if (isScript(href)) event.preventDefault();
    const whole = link instanceof HTMLAnchorElement && link.hasAttribute("download") ? originals.get(href) : undefined;
    if (!whole || !(link instanceof HTMLAnchorElement)) return;
    link.href = objectUrl(whole);
    const saved = link.href;
    setTimeout(() => URL.revokeObjectURL(saved), SAVED_MS);
  };
  for (const kind of ["click", "auxclick"]) addEventListener(kind, check, { capture: true });
  const open = window.open.bind(window);
  window.open = (url, ...more) => (url !== undefined && isScript(String(url)) ? null : open(url, ...more));
}

function isScript(href: string): boolean {
  try {
    return new URL(href, location.href).protocol === "javascript:";
  } catch {
    return false;
  }
}
