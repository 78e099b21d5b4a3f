/** What tabs of one person tell each other. */
export type TabMessage = "signed-in" | "signed-out";

const channel = new BroadcastChannel("gatehouse");

export function tellTabs(message: TabMessage): void {
  channel.postMessage(message);
}

export function onTabs(listener: (message: TabMessage) => void): void {
  channel.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => listener(data));
}
