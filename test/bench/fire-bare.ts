/** The floor: seven timers set anew for each second, and nothing else. */
import { fire, jobs, measure } from "./fire.ts";

function arm(): void {
  setTimeout(
    () => {
      fire();
      arm();
    },
    1_000 - (Date.now() % 1_000),
  );
}

for (let job = 0; job < jobs; job += 1) arm();
measure();
