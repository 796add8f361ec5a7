#!/bin/sh
# Makes the namespace of Datashare's tasks, as Datashare makes its own: what has ended is kept for a year. Where: TEMPORAL_ADDRESS.
set -eu
until temporal operator cluster health; do sleep 1; done
temporal operator namespace describe --namespace datashare-default \
  || temporal operator namespace create --namespace datashare-default --retention 8760h
