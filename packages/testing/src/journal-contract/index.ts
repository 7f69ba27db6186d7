export { type JournalContractOptions, type JournalLacks, journalContract, journalContractCaseNames } from "./journal-contract.ts";
