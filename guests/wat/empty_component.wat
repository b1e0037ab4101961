;; A component that imports and exports nothing: there is nothing to run in it.
(component)
