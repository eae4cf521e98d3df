# An image of a node with k3s on it, not started: packer build -var source_ami=… k8s/nodes/node.pkr.hcl
# Its cloud-init is cloud-init.yaml beside this, given as user data when a machine is made of it.
packer {
  required_plugins {
    amazon = {
      version = ">= 1.3.0"
      source  = "github.com/hashicorp/amazon"
    }
  }
}

variable "source_ami" {
  type        = string
  description = "A Debian image of the region."
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "instance_type" {
  type    = string
  default = "t3.medium"
}

variable "k3s_version" {
  type        = string
  default     = "v1.33.5+k3s1"
  description = "Release of k3s; one version for all nodes of a cluster."
}

source "amazon-ebs" "node" {
  ami_name      = "dragoman-node-{{timestamp}}"
  region        = var.region
  source_ami    = var.source_ami
  instance_type = var.instance_type
  ssh_username  = "admin"

  # No token of the machine's identity for anything that runs in a container.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

build {
  sources = ["source.amazon-ebs.node"]

  provisioner "shell" {
    environment_vars = ["INSTALL_K3S_VERSION=${var.k3s_version}"]
    inline = [
      "sudo apt-get update && sudo apt-get install -y curl ca-certificates git nodejs npm mmdebstrap",
      "curl -sfL https://get.k3s.io -o /tmp/install-k3s",
      # The program and its checksum now, the service when the machine has its name.
      "sudo -E INSTALL_K3S_SKIP_START=true INSTALL_K3S_SKIP_ENABLE=true sh /tmp/install-k3s",
      "printf '#!/bin/sh\\nexec env INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_EXEC=server sh /usr/local/share/install-k3s\\n' | sudo tee /usr/local/sbin/install-k3s",
      "sudo install -m 0644 /tmp/install-k3s /usr/local/share/install-k3s && sudo chmod 0755 /usr/local/sbin/install-k3s",
      "sudo cloud-init clean --logs",
    ]
  }
}
