import { objectUrl } from "./guards.ts";

/** A link with `download` goes past every service worker, so without a token. Its file is fetched like everything else instead, and then saved. */
export function catchDownloads(): void {
  addEventListener(
    "click",
    (event) => {
      const link = event.composedPath().find((each): each is HTMLAnchorElement => each instanceof HTMLAnchorElement);
      if (!link?.hasAttribute("download") || event.defaultPrevented) return;
      const url = new URL(link.href, location.href);
      if (url.origin !== location.origin || !/^https?:$/.test(url.protocol)) return;
      event.preventDefault();
      void save(url, link.download);
    },
    { capture: true },
  );
}

async function save(url: URL, name: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) return;
  const link = document.createElement("a");
  link.href = objectUrl(await response.blob());
  link.download = name || (url.searchParams.get("path")?.split("/").at(-1) ?? "artifact");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
