/** What people type where a number is wanted: `1024*1.5`, `2^3`, `(512+64)/2`; nothing is evaluated as code. */

const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([-+*/^()%]))/y;

/** The number that a text means, or null where it means none. */
export function evaluate(text: string): number | null {
  const tokens = tokensOf(text.replaceAll(",", ".").replaceAll("×", "*").trim());
  if (!tokens || tokens.length === 0) return null;
  const parser = new Parser(tokens);
  const value = parser.sum();
  return parser.isDone && value !== null && Number.isFinite(value) ? value : null;
}

function tokensOf(text: string): string[] | null {
  const tokens: string[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const found = TOKEN.exec(text);
    if (!found) return null;
    tokens.push((found[1] ?? found[2]) as string);
  }
  return tokens;
}

class Parser {
  private at = 0;
  constructor(private readonly tokens: readonly string[]) {}

  get isDone(): boolean {
    return this.at === this.tokens.length;
  }

  sum(): number | null {
    return this.chain(["+", "-"], () => this.product());
  }

  private product(): number | null {
    return this.chain(["*", "/", "%"], () => this.sign());
  }

  private sign(): number | null {
    if (this.take("-")) {
      const value = this.sign();
      return value === null ? null : -value;
    }
    return this.take("+") ? this.sign() : this.power();
  }

  private power(): number | null {
    const base = this.atom();
    if (base === null || !this.take("^")) return base;
    const exponent = this.sign();
    return exponent === null ? null : base ** exponent;
  }

  private atom(): number | null {
    if (this.take("(")) {
      const value = this.sum();
      return this.take(")") ? value : null;
    }
    const token = this.tokens[this.at];
    if (token === undefined || !/[\d.]/.test(token)) return null;
    this.at++;
    return Number(token);
  }

  private chain(operators: readonly string[], next: () => number | null): number | null {
    let left = next();
    for (
      let token = this.tokens[this.at];
      left !== null && token && operators.includes(token);
      token = this.tokens[this.at]
    ) {
      this.at++;
      const right = next();
      left = right === null ? null : apply(token, left, right);
    }
    return left;
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }
}

function apply(operator: string, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    default:
      return left % right;
  }
}
