// Pulumi's runner of policy packs hands .ts entry points to an old TypeScript; Node reads the rest by itself.
import "./pack.ts";
