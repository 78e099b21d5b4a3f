const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";

type Node = string | { readonly [name: string]: Node };

function element(name: string, content: Node): string {
  const inner =
    typeof content === "string"
      ? escaped(content)
      : Object.entries(content)
          .map(([child, value]) => element(child, value))
          .join("");
  return `<${name}>${inner}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** An answer of the Query protocol. Source: STS API reference, examples of `AssumeRole`. */
export function resultXml(action: string, result: Node, requestId: string): string {
  const body = element(`${action}Result`, result) + element("ResponseMetadata", { RequestId: requestId });
  return `<${action}Response xmlns="${NAMESPACE}">${body}</${action}Response>`;
}

export function errorXml(code: string, message: string, requestId: string): string {
  const error = element("Error", { Type: "Sender", Code: code, Message: message });
  return `<ErrorResponse xmlns="${NAMESPACE}">${error}${element("RequestId", requestId)}</ErrorResponse>`;
}
