/** How the managed login page is reached. */
export interface HostedSettings {
  /** Its origin. */
  readonly origin: string;
  /** Addresses to which a login returns beside the declared ones: the UI's on this machine. */
  readonly returnUrls: readonly string[];
}
