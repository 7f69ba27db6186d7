/** A secret of the host left the sandbox's border. No deviation may declare it at isolation level 2 and above. */
export class LeakedCanary extends Error {
  override readonly name = "LeakedCanary";
}
