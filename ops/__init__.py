"""What other machines read: alerts, dashboards, AWS, Kubernetes; drills, and a model of capacity."""
