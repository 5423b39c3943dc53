import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();

crons.interval("forget old lines of the access log", { hours: 24 }, internal.callers.forget, {});

export default crons;
