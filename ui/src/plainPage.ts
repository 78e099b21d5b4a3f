/** Shows one sentence instead of MLflow, with one thing to do about it. */
export function plainPage(
  title: string,
  text: string,
  action: { readonly label: string; readonly run: () => void },
): void {
  const page = document.createElement("div");
  page.className = "gatehouse-page";
  const main = document.createElement("main");
  const heading = document.createElement("h1");
  heading.textContent = title;
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = action.label;
  button.addEventListener("click", action.run);
  main.append(heading, paragraph, button);
  page.append(main);
  document.body.replaceChildren(page);
  document.title = title;
  button.focus();
}
