// What pages and worker say to each other. A page may be older than the worker: add, never change.

/** Worker → page, answered through the port. */
export interface TokenQuestion {
  readonly type: "token";
  /** A token that the gateway has refused: another is wanted. */
  readonly refused?: string | undefined;
}

/** Page → worker, through the port, at once: an answer follows, which may take a refresh. A page that shows a file alone says nothing. */
export interface Asked {
  readonly type: "asked";
}

/** Seconds since 1970 in `expires`. */
export interface Token {
  readonly token: string;
  readonly expires: number;
}

/** Page → worker. */
export type ToWorker =
  | { readonly type: "claim" }
  | ({ readonly type: "session" } & Token)
  /** A page comes up, with the session just handed over. */
  | { readonly type: "opened" }
  | { readonly type: "forget" };

/** A call that the gateway or MLflow refused. */
export interface Refused {
  readonly type: "refused";
  readonly method: string;
  /** Path at the gateway, without stage. */
  readonly path: string;
  readonly message: string;
}

/** Worker → pages: no page has a session that the gateway takes. */
export interface SignedOut {
  readonly type: "signed-out";
}

export type FromWorker = TokenQuestion | Refused | SignedOut;
