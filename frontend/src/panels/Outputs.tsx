/** What a node gives; each value is looked at by a click, and no node is needed for that. */
import { Eye } from "lucide-react";
import { useEffect, useState } from "react";
import { writeJson } from "~/api/json";
import type { Output, Sockets } from "~/catalog/catalog";
import { finder } from "~/catalog/store";
import { activeTab, useTab } from "~/doc/tabs";
import { type Peeked, peek } from "~/run/peek";

export function Outputs({ name, sockets }: { name: string; sockets: Sockets }) {
  const isInside = useTab((tab) => tab.path.length > 0);
  if (sockets.outputs.length === 0 || isInside) return null;
  return (
    <section className="outputs" aria-label="Outputs">
      {sockets.outputs.map((output) => (
        <OutputView key={output.name} node={name} output={output} />
      ))}
    </section>
  );
}

function OutputView({ node, output }: { node: string; output: Output }) {
  const [found, setFound] = useState<Peeked | string | null>(null);
  useEffect(() => {
    const url = typeof found === "object" ? found?.picture : undefined;
    return () => {
      if (url) URL.revokeObjectURL(url);
    };
  }, [found]);
  const look = async () => {
    setFound("…");
    const source = { node, name: output.name };
    try {
      setFound(await peek(activeTab().doc, source, output.type, finder()));
    } catch (error) {
      setFound(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div className="output">
      <p>
        {output.name} <small>{output.type}</small>
        <button type="button" className="icon" aria-label={`Look at ${output.name}`} onClick={() => void look()}>
          <Eye size={13} />
        </button>
      </p>
      {typeof found === "string" ? <p className="quiet-word">{found}</p> : found && <Value found={found} />}
    </div>
  );
}

function Value({ found }: { found: Peeked }) {
  if (found.picture) {
    return (
      <figure>
        <img src={found.picture} alt="the value" />
        <figcaption>
          {found.width} × {found.height}
        </figcaption>
      </figure>
    );
  }
  return <pre>{found.value === undefined ? `a ${found.type}` : writeJson(found.value, 2)}</pre>;
}
