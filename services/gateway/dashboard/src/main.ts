import { createApp } from "vue";
import App from "./App.vue";
import { createClients } from "./api/clients.js";
import { tokenKeeper } from "./api/token.js";
import { createTransport } from "./api/transport.js";
import { browserClock } from "./live/clock.js";
import { DASHBOARD, createDashboard } from "./stores/dashboard.js";
import "./styles/tokens.css";
import "./styles/page.css";

const tokens = tokenKeeper(() => sessionStorage);
const clients = createClients(createTransport(location.origin, tokens));
const dashboard = createDashboard({ clients, tokens, clock: browserClock });

createApp(App).provide(DASHBOARD, dashboard).mount("#app");
