//! Holds the processes of machines; tiny; outlives the control plane.
