"""The chain side of the ground floor: networks, artifacts, deployments, ABIs, RPC and transactions."""
