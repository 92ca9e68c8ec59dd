import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the page itself and passes calls on to a running stack.
const stack = "http://localhost:8080";

export default defineConfig({
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: "false" },
  // Relative, so that the page works below any path.
  base: "./",
  build: {
    outDir: "../src/kurto_gateway/static/dashboard",
    emptyOutDir: true,
    target: "es2022",
    reportCompressedSize: true,
  },
  server: { proxy: { "^/kurto\\.": { target: stack, changeOrigin: true } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
