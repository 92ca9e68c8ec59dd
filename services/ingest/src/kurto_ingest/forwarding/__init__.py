"""How windows reach the analyzer: from memory, else from the store, at its own pace."""
