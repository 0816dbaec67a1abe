// The fleet page, put together: one line a box, alarms beside, figures on top.

import { alarms } from "./alarms.js";
import { FleetList } from "./fleet_list.js";
import { Live } from "./live.js";
import { Orders, mayAct } from "./orders.js";
import { keys, shell } from "./shell.js";
import { currentLanguage, loadWords } from "./words.js";

await loadWords(currentLanguage());
const live = new Live({ page: "fleet" });
const page = { live, mayAct: mayAct(document.body.dataset.role), get state() { return live.state; } };
const list = new FleetList(page, new Orders(page));
alarms(page, (site) => list.nameOf(site));
shell(page);
keys({ Escape: () => list.clear() });
live.start();
