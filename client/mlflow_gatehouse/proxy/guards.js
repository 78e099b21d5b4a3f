// Made from ui/src/guards.ts by `npm run generate`.
(() => {
  // ui/src/guards.ts
  var objectUrl = URL.createObjectURL.bind(URL);
  var INERT = /^(?:image\/(?!svg)|audio\/|video\/|font\/|text\/(?:plain|csv|css|javascript)$|application\/(?:json|pdf|wasm|zip|javascript|octet-stream)$)/;
  var HTML_GUARD = `<!doctype html><script>origin==="null"||document.write("This file runs only where MLflow shows it.<plaintext hidden>")<\/script>`;
  var SAVED_MS = 6e4;
  var originals = /* @__PURE__ */ new Map();
  function guardPage() {
    guardBlobs();
    guardLinks();
  }
  function guardBlobs() {
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
  function guardedBlob(blob) {
    const type = (blob.type.split(";")[0] ?? "").trim();
    if (INERT.test(type)) return blob;
    if (type === "text/html") return new Blob([HTML_GUARD, blob], { type: blob.type });
    const picture = type === "image/svg+xml" ? inertSvg(blob) : void 0;
    return picture === void 0 ? new Blob([blob], { type: "application/octet-stream" }) : new Blob([picture], { type });
  }
  var SVG = "http://www.w3.org/2000/svg";
  var ACTIVE = /* @__PURE__ */ new Set(["script", "foreignObject", "handler", "listener", "iframe", "embed", "object"]);
  var REFERENCE = /^\s*(?:#|data:image\/(?!svg))/i;
  function inertSvg(blob) {
    const root = new DOMParser().parseFromString(readNow(blob), "image/svg+xml").documentElement;
    if (root.namespaceURI !== SVG || root.localName !== "svg") return void 0;
    for (const element of [root, ...root.querySelectorAll("*")]) {
      const changes = /^(?:on|.*href$)/i.test(element.getAttribute("attributeName") ?? "");
      if (element.namespaceURI !== SVG || ACTIVE.has(element.localName) || changes) element.remove();
      for (const attribute of [...element.attributes]) {
        const leads = attribute.localName === "href" && !REFERENCE.test(attribute.value);
        if (/^on/i.test(attribute.localName) || leads) element.removeAttributeNode(attribute);
      }
    }
    return new XMLSerializer().serializeToString(root);
  }
  function readNow(blob) {
    const url = objectUrl(blob);
    const request = new XMLHttpRequest();
    request.open("GET", url, false);
    request.overrideMimeType("text/plain; charset=utf-8");
    request.send();
    URL.revokeObjectURL(url);
    return request.responseText;
  }
  function guardLinks() {
    const check = (event) => {
      const link = event.composedPath().find((each) => each instanceof Element && each.localName === "a");
      if (!link) return;
      const href = link instanceof HTMLAnchorElement ? link.href : link.href.baseVal;
      if (isScript(href)) event.preventDefault();
      const whole = link instanceof HTMLAnchorElement && link.hasAttribute("download") ? originals.get(href) : void 0;
      if (!whole || !(link instanceof HTMLAnchorElement)) return;
      link.href = objectUrl(whole);
      const saved = link.href;
      setTimeout(() => URL.revokeObjectURL(saved), SAVED_MS);
    };
    for (const kind of ["click", "auxclick"]) addEventListener(kind, check, { capture: true });
    const open = window.open.bind(window);
    window.open = (url, ...more) => url !== void 0 && isScript(String(url)) ? null : open(url, ...more);
  }
  function isScript(href) {
    try {
      return new URL(href, location.href).protocol === "javascript:";
    } catch {
      return false;
    }
  }

  // <stdin>
  guardPage();
})();
