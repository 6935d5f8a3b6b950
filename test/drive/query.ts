/** Drive's search language, as far as rclone speaks it: `trashed=false and ('id' in parents) and name='x'`. */

export interface Searched {
  name: string;
  mimeType: string;
  trashed: boolean;
  parents: readonly string[];
}

export type Predicate = (file: Searched) => boolean;

export function parseQuery(text: string): Predicate {
  const tokens = text.match(/'(?:\\.|[^'\\])*'|!=|[=()]|\w+/g) ?? [];
  if (tokens.join("").replaceAll(/\s/g, "") !== text.replaceAll(/\s/g, ""))
    throw new Error(`the fake Drive does not understand the query ${text}`);
  const parser = new Parser(tokens);
  return parser.all();
}

class Parser {
  #tokens: string[];

  constructor(tokens: readonly string[]) {
    this.#tokens = [...tokens];
  }

  all(): Predicate {
    const predicate = this.#or();
    if (this.#tokens.length > 0)
      throw new Error(`the fake Drive does not understand ${this.#tokens[0]} in a query`);
    return predicate;
  }

  #or(): Predicate {
    const parts = [this.#and()];
    while (this.#takes("or")) parts.push(this.#and());
    return (file) => parts.some((part) => part(file));
  }

  #and(): Predicate {
    const parts = [this.#one()];
    while (this.#takes("and")) parts.push(this.#one());
    return (file) => parts.every((part) => part(file));
  }

  #one(): Predicate {
    if (this.#takes("(")) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    const [left, operator, right] = [this.#next(), this.#next(), this.#next()];
    if (operator === "in" && right === "parents") {
      const parent = unquoted(left);
      return ({ parents }) => parents.includes(parent);
    }
    const field = left as "name" | "mimeType" | "trashed";
    if (!["name", "mimeType", "trashed"].includes(field) || !["=", "!="].includes(operator))
      throw new Error(`the fake Drive does not understand ${left} ${operator} ${right}`);
    const value = field === "trashed" ? right === "true" : unquoted(right);
    return (file) => (file[field] === value) === (operator === "=");
  }

  #next(): string {
    const token = this.#tokens.shift();
    if (token === undefined) throw new Error("a query ends too early for the fake Drive");
    return token;
  }

  #takes(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #expect(token: string): void {
    if (!this.#takes(token)) throw new Error(`a query lacks ${token} for the fake Drive`);
  }
}

function unquoted(token: string): string {
  return token.slice(1, -1).replaceAll(/\\(.)/g, "$1");
}
