import { STYLE } from "./barStyle.ts";

export interface BarContent {
  readonly person: string;
  readonly personas: readonly string[];
  readonly workspaces: readonly string[];
  readonly workspace: string | null;
}

export interface BarActions {
  readonly switchWorkspace: (name: string) => void;
  readonly signOut: () => void;
}

/** The strip above MLflow's page: who, as what, where, and the way out. In a shadow tree, so that neither page's styles reach the other. */
export class Bar {
  readonly #host = document.createElement("gatehouse-bar");
  readonly #root: ShadowRoot;
  readonly #said: HTMLElement;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(actions: BarActions) {
    this.#root = this.#host.attachShadow({ mode: "open" });
    this.#root.innerHTML = `<style>${STYLE}</style>
      <header aria-label="Gatehouse">
        <span class="person" title="logged in"></span>
        <span class="persona" title="persona"></span>
        <label>Workspace <select></select></label>
        <button type="button" class="out">Sign out</button>
      </header>
      <div class="said" role="alert" hidden><p></p><button type="button" aria-label="Close">×</button></div>`;
    this.#said = this.#part(".said");
    this.#part<HTMLSelectElement>("select").addEventListener("change", (event) =>
      actions.switchWorkspace((event.target as HTMLSelectElement).value),
    );
    this.#part(".out").addEventListener("click", actions.signOut);
    this.#part(".said button").addEventListener("click", () => this.#hush());
    this.#root.addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Escape") this.#hush();
    });
  }

  /** In the page from the first call on. */
  show({ person, personas, workspaces, workspace }: BarContent): void {
    this.#part(".person").textContent = person;
    this.#part(".persona").textContent = personas.join(", ") || "no persona";
    const select = this.#part<HTMLSelectElement>("select");
    select.replaceChildren(...workspaces.map((name) => new Option(name, name, false, name === workspace)));
    select.disabled = workspaces.length < 2;
    this.#part("label").hidden = workspaces.length === 0;
    if (!this.#host.isConnected) this.#enter();
  }

  /** Says something for a while: a refusal and who can do it instead. */
  say(text: string, seconds = 15): void {
    this.#part(".said p").textContent = text;
    this.#said.hidden = false;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#hush(), seconds * 1000);
  }

  #enter(): void {
    document.body.prepend(this.#host);
    document.documentElement.classList.add("gatehouse");
    const dark = () => this.#host.classList.toggle("dark", document.body.classList.contains("dark-mode"));
    new MutationObserver(dark).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    dark();
  }

  #hush(): void {
    this.#said.hidden = true;
  }

  #part<E extends HTMLElement = HTMLElement>(selector: string): E {
    const part = this.#root.querySelector<E>(selector);
    if (!part) throw new Error(`the bar has no ${selector}`);
    return part;
  }
}
