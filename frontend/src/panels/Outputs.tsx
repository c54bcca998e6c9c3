/** What a node gives; each value is looked at by a click, and no node is needed for that. */

import { Eye } from "lucide-react";
import { useState } from "react";
import type { Output, Sockets } from "~/catalog/catalog";
import { useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { Value } from "~/viewers/Value";

export function Outputs({ name, sockets }: { name: string; sockets: Sockets }) {
  if (sockets.outputs.length === 0) return null;
  return (
    <section className="outputs" aria-label={t("outputs.title")}>
      {sockets.outputs.map((output) => (
        <OutputView key={output.name} node={name} output={output} />
      ))}
    </section>
  );
}

function OutputView({ node, output }: { node: string; output: Output }) {
  const doc = useTab((tab) => tab.doc);
  const [seen, setSeen] = useState<typeof doc | null>(null);
  const isOpen = seen === doc; // what was looked at is not what another document gives
  return (
    <div className="output">
      <p>
        {output.name} <small>{output.type}</small>
        <button
          type="button"
          className="icon"
          aria-label={t("outputs.look", { name: output.name })}
          aria-expanded={isOpen}
          onClick={() => setSeen(isOpen ? null : doc)}
        >
          <Eye size={13} />
        </button>
      </p>
      {isOpen && <Value source={{ node, name: output.name }} type={output.type} />}
    </div>
  );
}
