/**
 * Words of another program without the secrets in them: those that its configuration holds, by value, and whatever
 * else looks like a token, a password or a key. What was hidden reads `(hidden)`; lines and JSON stay whole.
 */

const hidden = "(hidden)";

/** `secrets`: values to hide wherever they stand, as they are, in JSON or in a URL. */
export function redact(text: string, secrets: ReadonlySet<string> = new Set()): string {
  let rest = text;
  const spellings = [...secrets].flatMap(spellingsOf);
  // The longest first, so that no part of one is left over.
  spellings.sort((a, b) => b.length - a.length);
  for (const secret of spellings) rest = rest.replaceAll(secret, hidden);
  for (const [pattern, replacement] of patterns) rest = rest.replaceAll(pattern, replacement);
  return rest;
}

/** The values in an rclone configuration that nobody else may read. */
export function secretsIn(configuration: string): Set<string> {
  const secrets = new Set<string>();
  for (const [, name = "", value = ""] of configuration.matchAll(
    /^\s*([\w-]+)\s*=\s*(.+?)\s*$/gm,
  )) {
    if (!isSecretName(name)) continue;
    for (const secret of [value, ...secretsInJson(value)])
      if (secret.length >= secretCharsMin) secrets.add(secret);
  }
  return secrets;
}

/** A shorter one would hide ordinary words, and is none. */
const secretCharsMin = 6;

// Of `token`, `key_pem`, `service_account_credentials`, `sas_url`; not of `service_account_file` or `token_url`.
const secretNames =
  /pass|secret|token|key|credential|cookie|auth|bearer|header|signature|connection_string|sas_url/i;
const placeNames = /_(file|path|url|uri|endpoint|id)$|^auth_/i;

function isSecretName(name: string): boolean {
  return name === "sas_url" || (secretNames.test(name) && !placeNames.test(name));
}

// A token and a service account are JSON in one line.
function secretsInJson(value: string): string[] {
  if (!value.startsWith("{")) return [];
  try {
    const entries = Object.entries(JSON.parse(value) as Record<string, unknown>);
    return entries.flatMap(([name, held]) =>
      typeof held === "string" && isSecretName(name) && name !== "token_type" ? [held] : [],
    );
  } catch {
    return [];
  }
}

function spellingsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  // As JSON within a JSON line.
  const nested = JSON.stringify(json).slice(1, -1);
  return [...new Set([secret, json, nested, encodeURIComponent(secret)])];
}

// Only from the beginning of a word and over so much of it: else a server that answers with one long word would keep
// the recorder busy for half a minute.
const names =
  "(?<![\\w-])(?:[\\w-]{0,40}?(?:token|secret|password|passwd|pass|api[_-]?key|access[_-]?key|private_key|private_key_id|assertion|signature|upload_id|cookie|authorization|credentials)\\d?)";

const patterns: readonly (readonly [RegExp, string])[] = [
  // Whole, cut off, or as one string with \n in it.
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"-]|-(?!----))*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
    hidden,
  ],
  // {"refresh_token":"…"}, also as text within JSON.
  [new RegExp(`(${names}\\\\*["']\\s*:\\s*\\\\*["']).*?(\\\\*["'])`, "gi"), `$1${hidden}$2`],
  // refresh_token=…&, password=…
  [new RegExp(`(${names}\\s?=\\s?)(?!\\(hidden\\))[^\\s"'&,;\\\\]+`, "gi"), `$1${hidden}`],
  // "token: invalid_grant" says what is wrong: only what holds a digit is a secret.
  [new RegExp(`(${names}: )(?=[^\\s"'\\\\]*\\d)[^\\s"'&,;\\\\]{8,}`, "gi"), `$1${hidden}`],
  [/\b(authorization|cookie|set-cookie|x-goog-api-key)(\s?:\s?)[^"\\\n]+/gi, `$1$2${hidden}`],
  [/\b(bearer|basic) (?=\S*[\d=])[\w.~+/=-]{8,}/gi, `$1 ${hidden}`],
  // Google's access and refresh tokens, client secrets, authorization codes and API keys; JWTs; AWS's key ids.
  [/\bya29\.[\w.-]+/g, hidden],
  [/(?<![\w:])[14]\/\/?0[\w-]{8,}/g, hidden],
  [/\bGOCSPX-[\w-]+/g, hidden],
  [/\bAIza[\w-]{20,}/g, hidden],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, hidden],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, hidden],
  [/(\/\/)[^\s/@"'\\]{1,200}:[^\s/@"'\\]{1,200}@/g, `$1${hidden}@`],
  // What is left of a key that was printed over many lines.
  [/^[A-Za-z0-9+/]{40,}={0,2}$/gm, hidden],
  // Long, with digits and letters of both cases: a token. Hashes and market ids have lower case alone.
  [/(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{40,}/g, hidden],
];
