import { CognitoError } from "./errors.ts";
import type { PoolSettings } from "./settings.ts";

const SYMBOLS = /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/;

/** Holds a new password against the declared policy. @throws CognitoError */
export function checkPassword(password: string, { passwords }: Pick<PoolSettings, "passwords">): void {
  const wrong = (what: string) =>
    new CognitoError("InvalidPasswordException", `Password did not conform with policy: ${what}`);
  if (password.length < passwords.minimumLength) throw wrong("Password not long enough");
  if (passwords.lowercase && !/[a-z]/.test(password)) throw wrong("Password must have lowercase characters");
  if (passwords.uppercase && !/[A-Z]/.test(password)) throw wrong("Password must have uppercase characters");
  if (passwords.numbers && !/\d/.test(password)) throw wrong("Password must have numeric characters");
  if (passwords.symbols && !SYMBOLS.test(password)) throw wrong("Password must have symbol characters");
}
