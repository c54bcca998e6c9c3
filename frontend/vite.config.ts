import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const service = process.env.GRAPHENGINE_URL ?? "http://127.0.0.1:8188";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../graphengine/server/editor",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // a policy without data: scripts and styles
    license: { fileName: "assets/licenses.txt" }, // of what is bundled; ELK among it is EPL-2.0, unmodified
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000, // what counts is the sum of the first page, and a test holds that
  },
  worker: { format: "es" },
  server: {
    // `npm run dev` beside a running service
    proxy: { "/api": { target: service, ws: true, changeOrigin: true, headers: { Origin: service } } },
  },
});
