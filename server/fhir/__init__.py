"""FHIR R4 resources of a bulk export, read into plain values: pure, standard library only."""
