import { type Persona, SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";

/** A shipped persona by its name. */
export function persona(name: string): Persona {
  const found = SHIPPED_PERSONAS.find((one) => one.name === name);
  if (!found) throw new Error(`no persona ${name}`);
  return found;
}
