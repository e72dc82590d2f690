/** The agents that are built in, by name; the adapters are in `index.ts`, which a submission need not load. */
export const agentNames = ["claude"] as const;
export type AgentName = (typeof agentNames)[number];
