// The page of one site, put together: state, history, alarms, commands, values, devices.

import { alarms } from "./alarms.js";
import { $ } from "./dom.js";
import { history } from "./history.js";
import { Live } from "./live.js";
import { Orders, mayAct, orderButtons } from "./orders.js";
import { record } from "./record.js";
import { keys, shell } from "./shell.js";
import { siteForecast } from "./site_forecast.js";
import { siteState } from "./site_state.js";
import { values } from "./values.js";
import { currentLanguage, loadWords } from "./words.js";

await loadWords(currentLanguage());
const site = document.body.dataset.site;
const live = new Live({ page: "site", site });
const page = { live, site, mayAct: mayAct(document.body.dataset.role), get state() { return live.state; } };
const orders = new Orders(page);
const sites = () => (page.state.site ? [page.state.site] : []);
siteState(page);
history(page);
siteForecast(page);
alarms(page);
record(page);
values(page);
orderButtons(page, orders, sites);
shell(page);
keys({
  p: () => page.mayAct && sites().length && orders.open("setpoint", sites()),
  Escape: () => {
    $("#filter").value = "";
    $("#filter").dispatchEvent(new Event("input"));
  },
});
live.start();
